import { always, close, INSERT, loop, NOTHING, openBranch, perhaps, PRINT, type Step, turn } from './tag.ts'

/**
 * What stands between `{{` and `}}` as steps. Jinja only prints there; Go's templates, Helm, Handlebars and
 * Mustache have their statements between the same braces, which their first word tells.
 */
export function braceSteps(inner: string): readonly Step[] {
  const text = inner
    .replace(/^[-~{&]/, '')
    .replace(/[-~}]$/, '')
    .trim()
  // A comment of Blade.
  if (inner.startsWith('--') && inner.endsWith('--')) return NOTHING
  // Ansible's filter makes a comment of a text, whatever it holds.
  if (text.startsWith('!') || text.startsWith('/*') || /\|\s*comment\b/.test(text)) return NOTHING
  if (text.startsWith('>')) return INSERT
  if (text.startsWith('#') || text.startsWith('^')) return mustacheSteps(text)
  if (text.startsWith('/')) return [close(text.slice(1).trim())]
  const assigned = /^(\$\w+)\s*:?=/.exec(text)
  if (assigned !== null) return [{ does: 'assign', name: assigned[1] ?? '' }]
  const word = /^[a-z]+(?![\w.(:-])/.exec(text)?.[0] ?? ''
  const rest = text.slice(word.length)
  switch (word) {
    case 'if':
      return [openBranch(null, rest)]
    case 'with':
      return [openBranch(null, rest)]
    case 'range':
      return [loop(null)]
    case 'define':
      return [perhaps(null)]
    case 'block':
      return [always(null)]
    case 'else': {
      const condition = /^\s*(?:if|with)\b(.*)$/s.exec(rest)?.[1]
      return [turn(condition ?? null)]
    }
    case 'end':
      return [close(null)]
    case 'template':
      return INSERT
    case 'break':
    case 'continue':
      return NOTHING
    default:
      return PRINT
  }
}

function mustacheSteps(text: string): readonly Step[] {
  const isInverted = text.startsWith('^')
  const [, name = '', rest = ''] = /^.\s*[*>]?\s*([^\s]*)\s*(.*)$/s.exec(text) ?? []
  if (isInverted && name === '') return [turn(null)]
  if (name === 'each') return [loop(name)]
  if (name === 'if' || name === 'with') return [openBranch(name, rest, isInverted)]
  if (name === 'unless') return [openBranch(name, rest, !isInverted)]
  // A section of Mustache is a condition or a loop; with words behind its name it is somebody's helper.
  return [rest === '' ? openBranch(name, name, isInverted) : perhaps(name)]
}
