import type { Deployment, Listener, Program, ProgramKind } from './model.ts'

/** The programs of one kind, machine by machine. */
export function programsOfKind<K extends ProgramKind>(
  { programs }: Pick<Deployment, 'programs'>,
  kind: K,
): readonly Extract<Program, { readonly kind: K }>[] {
  return programs.filter(
    (program): program is Extract<Program, { readonly kind: K }> => program.kind === kind,
  )
}

/** The sockets that programs of one kind open. */
export function listenersOfKind<K extends Listener['kind']>(
  { listeners }: Pick<Deployment, 'listeners'>,
  kind: K,
): readonly Extract<Listener, { readonly kind: K }>[] {
  return listeners.filter(
    (listener): listener is Extract<Listener, { readonly kind: K }> => listener.kind === kind,
  )
}

/** True where a port that no `Listen` opens is one that no Apache of the audit opens. */
export function knowsEveryListen(deployment: Pick<Deployment, 'programs'>): boolean {
  return programsOfKind(deployment, 'apache').every(({ listensKnown }) => listensKnown)
}
