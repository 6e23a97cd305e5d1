import type { Place } from '../../parsers/text/source.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'

/** The first argument of the line that was executed while the files were read, by its name and that argument. */
export function executedArgument(
  { executed = [] }: ApacheConfiguration,
  name: string,
  argument: string,
): Place | null {
  const line = executed.find(each => each.name === name && each.args[0]?.value === argument)
  return line === undefined ? null : argumentPlace(line, 0)
}
