/** Where a value goes; no configuration holds it. */
const SLOT = '\0'

/**
 * A file as it stands on disk, for examples and tests: the indentation that all lines share is taken off,
 * the line breaks behind the first and before the last backtick are not part of it, and the last line ends
 * in a line feed. Backslashes are themselves; only `` \` `` and `\${` need one.
 *
 * A value that has a line to itself is set as lines at that line's indentation, whatever its own; an empty one
 * takes its line with it, and of a list each text is set so. Within a line a value is set as it is.
 *
 * ```ts
 * conf`
 *   server {
 *       listen 80;
 *       ${lines}
 *   }
 * `
 * ```
 */
export function conf(
  { raw }: TemplateStringsArray,
  ...values: readonly (string | number | readonly string[])[]
): string {
  const joined = raw.join(SLOT)
  const written = joined.includes('\\') ? joined.replace(/\\(`|\$\{)/g, '$1') : joined
  const text = withoutMargin(written.replace(/^ *\n/, '').replace(/\n *$/, ''))
  if (text === '') return ''
  const parts = `${text}\n`.split(SLOT)
  let set = parts[0] ?? ''
  for (const [index, value] of values.entries()) {
    const before = set.slice(set.lastIndexOf('\n') + 1)
    const after = parts[index + 1] ?? ''
    if (before.trim() !== '' || !after.startsWith('\n')) {
      set += `${value}${after}`
      continue
    }
    const lines = [value].flat().map(lines => block(String(lines), before))
    set = `${set.slice(0, set.length - before.length)}${lines.join('')}${after.slice(1)}`
  }
  return set
}

/** The lines of a text, each with its line feed, at an indentation instead of their own. */
function block(text: string, indentation: string): string {
  if (text === '') return ''
  return `${withoutMargin(text)
    .replace(/\n$/, '')
    .replace(/^(?=.*\S)/gm, indentation)}\n`
}

/** Takes off the indentation that all lines share, blank ones aside. */
function withoutMargin(text: string): string {
  const indentations = text.match(/^ *(?=[^ \n])/gm)
  if (indentations === null) return text.trim()
  const margin = indentations.reduce((least, next) => (next.length < least.length ? next : least))
  return margin === '' ? text : text.replaceAll(new RegExp(`^${margin}`, 'gm'), '')
}
