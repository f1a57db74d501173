/** Stands in for the package of this name, which is large: nothing on our timelines repeats. */
export const RRule = undefined;
