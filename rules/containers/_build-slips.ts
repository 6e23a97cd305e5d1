import { type ShellFault, stepFault } from './_shell-fault.ts'

const INSTALL =
  /(?:^|[;&|{!(]|\b(?:then|do|else)\b)[ \t]*(?:sudo[ \t]+)?(?:\w+=\S*[ \t]+)*(apt-get|apt|apk)((?:[ \t]+-\S+)*[ \t]+(?:install|add)(?=[ \t]))((?:[ \t]+[^\s;&|]+)+)/gm

/** Commands that no package is called as, and how they go on where they are meant. */
const NEXT: readonly (readonly [RegExp, RegExp])[] = [
  [/^(?:rm|mkdir|cp|mv|ln)$/, /^(?:-|\/|\$)/],
  [/^(?:chmod|chown)$/, /^(?:-R|[0-7]{3,4}$|[ugoa]*[+=-][rwxX]|[\w.-]+:)/],
  [/^(?:useradd|groupadd|addgroup)$/, /./],
  [/^(?:apt-get|apt)$/, /^(?:update|install|clean|upgrade|autoremove|purge|remove|autoclean)$/],
  [/^apk$/, /^(?:add|del|update|upgrade)$/],
  [/^(?:pip3?|npm|pecl|gem)$/, /^(?:install|i|ci)$/],
  [/^(?:curl|wget)$/, /^https?:/],
  [/^docker-php-ext-\w+$/, /./],
  [/^(?:a2enmod|a2ensite|a2dismod|a2dissite)$/, /./],
]

/** What is a package and no program. */
const PACKAGE =
  /^(?:lib[a-z][\w.+-]*\d|[a-z][\w.+-]*-dev|tzdata|ca-certificates|build-base|build-essential|apt-transport-https|software-properties-common)$/

/**
 * Lists of packages that an operator cuts too late or too early.
 *
 * @param bare a script in which comments are blank, and quotes letters
 */
export function* listFaults(bare: string): Iterable<ShellFault> {
  for (const match of bare.matchAll(INSTALL)) {
    const [whole, program = '', , rest = ''] = match
    // A program fills the list in.
    if (/<\?|\?>|[{}%]/.test(rest)) continue
    const begin = match.index + whole.length - rest.length
    const words = [...rest.matchAll(/\S+/g)]
    const index = words.findIndex(
      ([word], at) =>
        at > 0 &&
        NEXT.some(
          ([name, next]) => name.test(word) && words[at + 1] !== undefined && next.test(words[at + 1]![0]),
        ),
    )
    const found = words[index]
    if (found !== undefined && !/[$`]/.test(words[0]?.[0] ?? ''))
      yield fault(
        begin + found.index,
        found[0],
        `${program} takes \`${found[0]}\` for a package`,
        'Write `&&` in front of it',
        'no `&&` above',
      )
    const end = match.index + whole.length
    const next = /^\s*&&\s*([a-z][\w.+-]*)[ \t]*(?=&&|;|$)/.exec(bare.slice(end, end + 200))
    if (next?.[1] !== undefined && PACKAGE.test(next[1]))
      yield fault(
        end + next[0].indexOf(next[1]),
        next[1],
        `${next[1]}: not found`,
        'Leave out the `&&` in front of it',
        'a package',
      )
  }
}

const SED = /(?<=^|[;&|{!(]|\b(?:then|do|else)\b)([ \t]*sed(?:[ \t]+-[\w.]+)*[ \t]+)(["'])/gm

/**
 * Expressions of sed with one more of the signs that part them.
 *
 * @param script as it is written
 * @param bare the same length, comments blank
 */
export function* sedFaults(script: string, bare: string): Iterable<ShellFault> {
  for (const match of script.matchAll(SED)) {
    const [whole, , quote = ''] = match
    if (!/sed/.test(bare.slice(match.index, match.index + whole.length))) continue
    const start = match.index + whole.length
    const end = script.indexOf(quote, start)
    const written = end === -1 ? '' : script.slice(start, end)
    // Between double quotes the shell takes one of two backslashes away.
    const expression = quote === '"' ? written.replace(/\\([\\$"`])/g, '$1') : written
    const [, sign = ''] = /^s([/|#,@:!%])/.exec(expression) ?? []
    // What a shell puts there, and what stands in brackets, may hold the sign; so may a second command.
    if (sign === '' || /[[\n`;{}]|\$[({]/.test(expression)) continue
    const parts = expression.replace(/\\[\s\S]/g, '__').split(sign)
    if (parts.length < 5) continue
    const flags = parts.slice(3).join(sign)
    if (/^[gpiIemM0-9]*(?:\s*w.*)?$/.test(flags)) continue
    yield {
      ...fault(
        start,
        written,
        "sed: unknown option to `s'",
        `Write another sign between the parts, such as \`s|…|…|\``,
        `\`${sign}\` in a part`,
      ),
    }
  }
}

function fault(start: number, word: string, said: string, help: string, label: string): ShellFault {
  return stepFault(start, word, said, { label, help })
}
