// What every page with the frame uses. Each module looks for its own data-attributes; a page without them pays nothing.
import "./dialogs.js";
import "./menus.js";
import "./search.js";
import "./tables.js";
import "./progress.js";
import "./clipboard.js";
import "./frame.js";
