import { withoutComments } from '../../parsers/python/without-comments.ts'
import { memo } from '../../parsers/collections/memo.ts'
import { isWrittenOut, type Source } from '../../parsers/text/source.ts'
import type { Deployment, LooseFiles } from '../../src/deployment/model.ts'
import { sourceAt } from '../../src/files/file-system.ts'

/** A configuration of gunicorn that lies in a repository, and the names that its module assigns. */
export interface LooseGunicorn {
  readonly source: Source
  readonly names: ReadonlySet<string>
}

export function looseGunicorn({ machines }: Pick<Deployment, 'machines'>): readonly LooseGunicorn[] {
  return machines.flatMap(({ loose }) => (loose === null ? [] : configurationsAmong(loose)))
}

const configurationsAmong = memo(({ starters, files }: LooseFiles): readonly LooseGunicorn[] =>
  starters.gunicorn.flatMap(path => {
    const source = sourceAt(files, path)
    if (source === null || !isWrittenOut(source)) return []
    const names = namesAssigned(withoutComments(source.code))
    return names.has('bind') || names.has('workers') ? [{ source, names }] : []
  }),
)

/** What stands at the left margin, or in a branch below it; never what a function or a call holds. */
function namesAssigned(code: string): ReadonlySet<string> {
  const names = new Set<string>()
  let header = ''
  for (const line of code.split('\n')) {
    const [, margin = '', name] = /^([ \t]*)([A-Za-z_]\w*)[ \t]*=(?!=)/.exec(line) ?? []
    if (/^\S/.test(line)) header = line
    const isOfModule = margin === '' || /^(?:if|elif|else|try|except)\b/.test(header)
    if (name !== undefined && isOfModule) names.add(name)
  }
  return names
}
