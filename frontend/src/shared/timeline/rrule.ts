/** Stands in for the package of this name, which is large: nothing on our timelines repeats. */
export class RRule {
  constructor() {
    throw new Error("repeating events are not supported");
  }
}
