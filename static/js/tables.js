// Lists: rows chosen with a bulk bar, "show more" in place, details at the side, columns and density.
import "./choosing.js";
import "./more.js";
import "./aside.js";
import "./columns.js";
