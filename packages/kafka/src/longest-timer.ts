/** Longest delay of a JavaScript timer, in milliseconds: beyond it a timer fires at once. */
export const LONGEST_TIMER_MS = 2_147_483_647;
