"""The studio's rooms of content: products, the lesson editor, topics, imports and exports."""
