import type { ServiceUnit } from '../../parsers/systemd/service-unit.ts'
import type { WrittenText } from '../../parsers/text/written-text.ts'

/**
 * What systemd says of a program that a variable names: it fills in what follows alone. A variable that the unit sets
 * itself is surely meant for systemd, and no mark of a script.
 */
export function variableAsProgram(
  first: WrittenText,
  { environment }: ServiceUnit,
): {
  readonly word: WrittenText
  readonly message: string
  readonly label: string
  readonly help: string
} | null {
  const [variable = '', inBraces, bare] = /^\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/.exec(first.text) ?? []
  const name = inBraces ?? bare
  if (name === undefined || !environment.some(each => each.name === name)) return null
  const isPath = first.text.includes('/')
  return {
    word: first,
    message: `systemd fills in no variable in the name of the program, and looks for \`${first.text}\` itself: ${isPath ? 'Neither a valid executable name nor an absolute path' : 'status=203/EXEC'}`,
    label: 'stays as it is written',
    help: `Write what \`${variable}\` holds, or start the program by \`/usr/bin/env\``,
  }
}
