import { htaccessReader } from '../../servers/apache/queries/htaccess.ts'
import { type Level, sectionsFor } from '../../servers/apache/queries/sections-for.ts'
import { wsgiScriptAliasFor } from '../../servers/apache/queries/wsgi-script-aliases.ts'
import { documentRoot } from '../../servers/apache/requests/document-root.ts'
import { valueOrNull } from '../../servers/fact.ts'
import { fromBytes } from '../../servers/regex.ts'
import type { ApacheHost, Deployment } from '../model.ts'

/**
 * The sections and `.htaccess` files that hold for the first URL of a virtual host: those of the script of mod_wsgi
 * that answers it, else those of the document root.
 */
export function levelsOfStartPage(
  { filesOf }: Pick<Deployment, 'filesOf'>,
  { configuration, virtualHost }: Pick<ApacheHost, 'configuration' | 'virtualHost'>,
): readonly Level[] {
  const script = wsgiScriptAliasFor(configuration, virtualHost, '/')?.script
  const root = documentRoot({ configuration, host: virtualHost })
  const file = script !== undefined ? valueOrNull(script) : root.known ? fromBytes(root.value) : null
  const target = { uri: '/', file, directory: script === undefined }
  return sectionsFor(
    configuration,
    virtualHost,
    target,
    htaccessReader(configuration, filesOf(configuration), virtualHost),
  )
}
