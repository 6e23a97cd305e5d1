import type { AppServerProgram, Target } from './model.ts'

/** The application server that answers at a target: the one that opens its address, or the one that may be behind it. */
export function serverBehind({ to }: Target): AppServerProgram | null {
  if (to.kind === 'unclaimed') return to.supposed
  return to.kind === 'listener' && to.listener.program.kind === 'app-server' ? to.listener.program : null
}
