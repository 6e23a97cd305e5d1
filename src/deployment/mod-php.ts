import { memo } from '../../parsers/collections/memo.ts'
import { readPhpSettings } from '../../parsers/php/php-settings.ts'
import { factOf } from '../../parsers/text/written-text.ts'
import type { FileSystem } from '../files/file-system.ts'
import { type ApacheConfiguration, type ApacheDirective, loadsPhp } from '../servers/apache/configuration.ts'
import { htaccessFilesOf } from '../servers/apache/queries/htaccess.ts'
import { documentRoot } from '../servers/apache/requests/document-root.ts'
import { directivesOfHost, virtualHosts } from '../servers/apache/queries/virtual-hosts.ts'
import { type Fact, known } from '../servers/fact.ts'
import { modPhpIniSources } from './build/programs/php-fpm.ts'
import { argumentPlace } from './places.ts'
import type { ApacheHost, Deployment } from './model.ts'

/**
 * A setting of the PHP that Apache itself runs for a virtual host: of the last `php_value` in it, around it or in the
 * `.htaccess` of its document root, else of the `php.ini` of that module; null where Apache loads no PHP, or neither has the setting.
 *
 * @see https://www.php.net/manual/en/configuration.changes.php
 */
export function modPhpSetting(
  { filesOf }: Pick<Deployment, 'filesOf'>,
  {
    configuration,
    directive,
  }: Pick<ApacheHost, 'configuration'> & { readonly directive: ApacheDirective | null },
  name: string,
): Fact<string> | null {
  if (!loadsPhp(configuration)) return null
  const files = filesOf(configuration)
  const ofServer = [...new Set([null, directive])].flatMap(host =>
    ['php_value', 'php_admin_value'].flatMap(line => directivesOfHost(configuration, host, line)),
  )
  // What is set by `php_admin_value` no `.htaccess` changes.
  const own =
    ofServer.findLast(({ args, name: line }) => line === 'php_admin_value' && args[0]?.value === name) ??
    [...ofServer, ...ofDocumentRoot(configuration, directive, files)].findLast(
      ({ args }) => args[0]?.value === name,
    )
  const value = own?.args[1]?.value
  if (own !== undefined && value !== undefined) return known(value, argumentPlace(own, 1))
  const written = settingsOf(files).get(name)
  return written === undefined ? null : factOf(written)
}

/** The lines for PHP in the `.htaccess` of what a virtual host serves first. */
function ofDocumentRoot(
  configuration: ApacheConfiguration,
  directive: ApacheDirective | null,
  files: FileSystem,
): readonly ApacheDirective[] {
  const host = virtualHosts(configuration).find(each => each.directive === directive) ?? null
  const root = documentRoot({ configuration, host })
  if (!root.known) return []
  return htaccessFilesOf(configuration, files, host)
    .filter(
      ({ directory, overrides }) =>
        directory === `${root.value}/` && overrides.known && overrides.value.reads,
    )
    .flatMap(({ file }) => file.occurrences.get('php_value') ?? [])
}

const settingsOf = memo((files: FileSystem) => readPhpSettings(modPhpIniSources(files)))
