import { always, close, INSERT, loop, NOTHING, openBranch, perhaps, type Step, turn } from './tag.ts'

/** Blocks whose body stands where it is written. */
const TRANSPARENT: ReadonlySet<string> = new Set(
  'block with filter autoescape call spaceless apply trans verbatim raw'.split(' '),
)
/** Blocks whose body is kept for elsewhere: it may stand anywhere, or nowhere. */
const KEPT: ReadonlySet<string> = new Set(['macro', 'capture', 'comment'])

/** Statements by which alone a file shows that `{% … %}` is an engine's: Jinja, Django, Twig, Liquid, Nunjucks. */
const STATEMENT =
  /^(?:if|elif|elsif|elseif|else|for|set|block|include|import|from|extends|macro|call|filter|with|raw|do|autoescape|load|comment|unless|case|when|assign|capture|end\w*)\b/

/** What stands between `{%` and `%}`, whitespace marks and all, as steps; null for none of its statements. */
export function jinjaSteps(inner: string): readonly Step[] | null {
  const statement = inner
    .replace(/^[-+~]/, '')
    .replace(/[-+~]$/, '')
    .trim()
  if (!STATEMENT.test(statement)) return null
  const word = /^\w+/.exec(statement)?.[0] ?? ''
  const rest = statement.slice(word.length)
  switch (word) {
    case 'if':
      return [openBranch('if', rest)]
    case 'unless':
      return [openBranch('unless', rest, true)]
    case 'elif':
    case 'elsif':
    case 'elseif':
      return [turn(rest)]
    case 'when':
      return [turn(rest)]
    case 'else':
      return [turn(null)]
    case 'for':
      return [loop('for')]
    case 'case':
      return [always('case')]
    case 'set':
    case 'assign':
      return assignment(rest)
    case 'include':
    case 'extends':
      return INSERT
  }
  if (word.startsWith('end')) return [close(word.slice(3))]
  if (KEPT.has(word)) return [perhaps(word)]
  return TRANSPARENT.has(word) ? [always(word)] : NOTHING
}

function assignment(rest: string): readonly Step[] {
  const name = /^\s*(\w+)/.exec(rest)?.[1] ?? ''
  if (rest.includes('=')) return [{ does: 'assign', name }]
  return [{ does: 'assign', name }, perhaps('set')]
}
