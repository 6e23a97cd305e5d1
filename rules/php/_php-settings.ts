import { parseApache } from '../../parsers/apache/parse.ts'
import type { ApacheLineNode } from '../../parsers/apache/syntax.ts'
import type { Source } from '../../parsers/text/source.ts'

/** `php_value` and its like. */
export const PHP_SETTING = /^php_(?:admin_)?(?:flag|value)$/i

/** A line of a file of Apache, which opens no section. */
interface PlainLine {
  readonly line: ApacheLineNode
  /** The sections `<IfModule>` around it, the outermost first. */
  readonly ifModules: readonly ApacheLineNode[]
}

/** The lines of a file that sets something of PHP; none of another file. */
export function* linesBesidePhpSettings(source: Source): Iterable<PlainLine> {
  if (!/php_(?:admin_)?(?:flag|value)/i.test(source.text)) return
  const around: ApacheLineNode[] = []
  for (const node of parseApache(source)) {
    if (node.kind === 'comment') continue
    if (node.kind === 'open') around.push(node)
    else if (node.kind === 'close') around.pop()
    else yield { line: node, ifModules: around.filter(({ name }) => /^ifmodule$/i.test(name.value)) }
  }
}
