import { memo } from '../../parsers/collections/memo.ts'
import { readPhpSettings } from '../../parsers/php/php-settings.ts'
import { factOf } from '../../parsers/text/written-text.ts'
import type { FileSystem } from '../files/file-system.ts'
import { type ApacheDirective, loadsPhp } from '../servers/apache/configuration.ts'
import { directivesOfHost } from '../servers/apache/queries/virtual-hosts.ts'
import { type Fact, known } from '../servers/fact.ts'
import { modPhpIniSources } from './build/programs/php-fpm.ts'
import { argumentPlace } from './places.ts'
import type { ApacheHost, Deployment } from './model.ts'

/**
 * A setting of the PHP that Apache itself runs for a virtual host: of the last `php_value` in it or around it, else
 * of the `php.ini` of that module; null where Apache loads no PHP, or neither has the setting.
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
  const own = [...new Set([null, directive])]
    .flatMap(host =>
      ['php_value', 'php_admin_value'].flatMap(line => directivesOfHost(configuration, host, line)),
    )
    .findLast(({ args }) => args[0]?.value === name)
  const value = own?.args[1]?.value
  if (own !== undefined && value !== undefined) return known(value, argumentPlace(own, 1))
  const written = settingsOf(filesOf(configuration)).get(name)
  return written === undefined ? null : factOf(written)
}

const settingsOf = memo((files: FileSystem) => readPhpSettings(modPhpIniSources(files)))
