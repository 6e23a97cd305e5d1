import { posix } from 'node:path'
import { placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { Started } from './_started-words.ts'

/** `nginx -g daemon off;` without quotes around the directive, of which each blank makes two arguments. */
export function* directiveInTwo(words: readonly WrittenText[]): Iterable<RuleFinding> {
  yield* directiveWithoutEnd(words)
  const at = words.findIndex(({ text }) => text === '-g')
  const [program, name, value] = [words[0], words[at + 1], words[at + 2]]
  if (at === -1 || program === undefined || name?.text !== 'daemon' || value === undefined) return
  if (!/^nginx(?:-debug)?$/.test(posix.basename(program.text)) || !/^off;?$/.test(value.text)) return
  yield {
    at: placeOf(value),
    message: `\`daemon off;\` is two arguments here, and nginx refuses the second: invalid option: "${value.text}"`,
    label: 'outside of the quotes',
    help: 'Write `nginx -g "daemon off;"`, as one argument: `["nginx", "-g", "daemon off;"]`',
  }
}

/** `nginx -g "daemon off"`, which nginx reads as it reads a file. */
function* directiveWithoutEnd(words: readonly WrittenText[]): Iterable<RuleFinding> {
  const at = words.findIndex(({ text }) => text === '-g')
  const [program, value] = [words[0], words[at + 1]]
  if (at === -1 || program === undefined || value === undefined) return
  if (!/^nginx(?:-debug)?$/.test(posix.basename(program.text)) || !/[\w/]\s+\w+\s*$/.test(value.text)) return
  if (/[$\uFFFD;}{#]\s*$/.test(value.text)) return
  yield {
    at: placeOf(value),
    message:
      'the last directive has no `;`, so nginx does not start: unexpected end of parameter, expecting ";" in command line',
    label: 'no `;` behind it',
    help: `Write \`${value.text.trim()};\``,
  }
}

/** Images whose entry point is one program, which takes no name of itself. */
const PROGRAMS = [[/^certbot\/(?:certbot|dns-[\w-]+)(?=[:@]|$)/, 'certbot']] as const

/** A command that begins with the program that the entry point of the image is already. */
export function* namedTwice({ service, image, reference }: Started): Iterable<RuleFinding> {
  const program = PROGRAMS.find(([pattern]) => pattern.test(reference ?? ''))?.[1]
  if (program === undefined || (service !== null && service.entrypoint !== null) || image?.entrypoint != null)
    return
  const words = service?.command?.words ?? (image?.command?.form === 'exec' ? image.command.words : [])
  const [first] = words
  if (first === undefined || posix.basename(first.text) !== program) return
  yield {
    at: placeOf(first),
    message: `the entry point of the image is \`${program}\`, which gets its own name as an argument: unrecognized arguments: ${first.text}`,
    label: 'once too often',
    help: `Leave \`${first.text}\` out`,
  }
}
