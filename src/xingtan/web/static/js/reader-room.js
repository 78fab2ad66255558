// The reading room with a script: back to the same place, marks in the text. Without one it reads as well.
import { notes } from "./reader-notes.js";
import { follow } from "./reader-place.js";

const article = document.querySelector("article[data-lesson]");
if (article) {
  notes(article);
  follow(article);
}
