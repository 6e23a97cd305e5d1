import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { askedHosts, askHost } from '../../src/deployment/requests/ask-host.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import { fromBytes } from '../../src/servers/regex.ts'

/** Where the configuration of a Joomla in a directory says that its addresses have no `index.php`; null where it does not. */
export function joomlaRewrites(files: FileSystem, root: string): Place | null {
  const source = sourceAt(files, posix.join(root, 'configuration.php'))
  if (source === null || !/\bclass\s+JConfig\b/.test(source.code)) return null
  const match = /\$sef_rewrite\s*=\s*(true|1|(['"])1\2)\s*;/i.exec(source.code)
  if (match === null) return null
  const start = match.index + match[0].lastIndexOf(match[1] ?? '')
  return { source, start, end: start + (match[1] ?? '').length }
}

/** Sites of Joomla whose `htaccess.txt` was never renamed, as the setting has it done. */
export function* joomlaWithoutHtaccess(deployment: Deployment): Iterable<RuleFinding> {
  const seen = new Set<Place['source']>()
  for (const asked of askedHosts(deployment)) {
    const root = documentRoot(asked)
    if (!root.known) continue
    const files = deployment.filesOf(asked.configuration)
    const path = fromBytes(root.value)
    const has = (name: string): boolean => files.kind(posix.join(path, name)) === 'file'
    if (!has('index.php') || !has('htaccess.txt') || has('.htaccess')) continue
    const at = joomlaRewrites(files, path)
    if (at === null || seen.has(at.source)) continue
    const { end } = askHost(deployment, asked, `/${MISSING}`)
    if (end.kind !== 'response' || end.status !== 404) continue
    seen.add(at.source)
    yield {
      at,
      message: `Joomla writes the addresses of its pages without \`index.php\`, and Apache answers 404 to them: the rules lie in \`htaccess.txt\`, which it does not read`,
      label: 'no `.htaccess` has the rules',
      help: 'Rename `htaccess.txt` to `.htaccess`, and let `AllowOverride` permit it',
    }
  }
}
