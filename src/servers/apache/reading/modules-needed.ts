import { parseApache } from '../../../../parsers/apache/parse.ts'
import { memo } from '../../../../parsers/collections/memo.ts'
import type { Source } from '../../../../parsers/text/source.ts'
import { apacheDirective } from '../directives.ts'

const NONE: ReadonlySet<string> = new Set()

/**
 * The modules without which httpd refuses a file, by id: those of lines under no condition that one module alone knows.
 * Whoever keeps such a file has them loaded, whatever another line of it asks by `<IfModule>`.
 */
export const modulesNeeded = memo((source: Source): ReadonlySet<string> => {
  if (source.template) return NONE
  const needed = new Set<string>()
  let conditions = 0
  for (const node of parseApache(source)) {
    if (node.kind === 'comment') continue
    const name = node.name.value.toLowerCase()
    if (node.kind !== 'directive') {
      if (!CONDITIONAL.test(name)) continue
      conditions += node.kind === 'open' ? 1 : -1
    } else if (conditions === 0) {
      const modules = apacheDirective(name)?.modules ?? []
      if (modules.length === 1 && modules[0] !== undefined) needed.add(modules[0])
    }
  }
  return needed
})

/** What may take its lines away; a macro that nobody uses does. */
const CONDITIONAL = /^(?:if(?:module|define|version|file|directive|section)|macro)$/
