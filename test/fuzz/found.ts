/** Seeds whose trees once showed a fault; each stays. */
export const FOUND: readonly number[] = [152]
