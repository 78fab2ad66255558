"""The numbers of the business."""
