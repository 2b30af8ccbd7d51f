// Made by `npm run gen`.
export { relu } from "./relu.ts";
