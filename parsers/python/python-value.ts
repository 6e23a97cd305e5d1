/** A value that a module computes from literals; `undefined` stands for a part that only the running program knows. */
export type PythonValue =
  | string
  | number
  | boolean
  | null
  | readonly (PythonValue | undefined)[]
  | ReadonlyMap<string, PythonValue | undefined>
