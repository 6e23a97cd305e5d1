/**
 * Control characters, line and paragraph separators, and all that is invisible or turns the direction of
 * text: what a terminal would obey, and what a reader would not see. Tabs stay.
 */
const UNPRINTABLE = /(?!\t)(?:[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|[\u{E0100}-\u{E01EF}])/gu

/** What the logs of GitHub, Azure Pipelines and TeamCity take for a command, wherever in a line it stands. */
const LOG_COMMAND = /##(?=\[|vso\[|teamcity\[)/gi

/** A text of an audited file that no terminal obeys and no line breaks; its length stays. */
export function printable(text: string): string {
  if (text.search(UNPRINTABLE) !== -1) text = text.replace(UNPRINTABLE, unit => '\uFFFD'.repeat(unit.length))
  return text.includes('##') ? text.replace(LOG_COMMAND, '#\uFFFD') : text
}

/** What GitHub takes for a command where a line begins with it. */
const LINE_COMMAND = /^([^\S\n]*):(?=:[\w-])/gm

/** Lines of a report, none of which is a command to the log that it is printed into. */
export function withoutCommands(lines: string): string {
  return lines.includes('::') ? lines.replace(LINE_COMMAND, '$1\uFFFD') : lines
}

/** Several lines of audited files: each is made printable, and none is a command. */
export function printableLines(text: string): string {
  return withoutCommands(text.split('\n').map(printable).join('\n'))
}
