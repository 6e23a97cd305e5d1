import type { AppServer } from '../../parsers/app-server/app-server.ts'
import type { SupervisorConfiguration, SupervisorProgram } from '../../parsers/supervisor/read-supervisor.ts'
import type { Fact } from '../../src/servers/fact.ts'

/** The program of supervisord whose command starts a server; null where none does. */
export function supervisedProgram(
  { at }: AppServer,
  supervisors: readonly SupervisorConfiguration[],
): SupervisorProgram | null {
  return (
    supervisors
      .flatMap(({ programs }) => programs)
      .find(
        ({ command }) =>
          command !== null &&
          command.source === at.source &&
          command.start <= at.start &&
          at.end <= command.end,
      ) ?? null
  )
}

/** True for a signal that is SIGTERM, by itself too. */
export function isTerm(signal: Fact<string> | null): boolean {
  return signal === null || (signal.known && /^(?:(?:SIG)?TERM|15)$/i.test(signal.value))
}
