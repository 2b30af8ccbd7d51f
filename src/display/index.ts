/** Every display, one line each: importing this file makes the objects of the project show themselves. */
import "./image.ts";
import "./tensor.ts";
import "./trace.ts";
import "./graph.ts";
