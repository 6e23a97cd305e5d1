import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { parseDotenv } from '../../parsers/dotenv/parse-dotenv.ts'
import { phpSetting } from '../../parsers/php/script.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { isLaravel, PROJECT_FILES } from '../_php-projects.ts'
import { valuePlace } from './_environment.ts'
import { moodleConfiguration, wordpressConfiguration } from './_php-sources.ts'

export interface OwnAddress {
  readonly by: string
  readonly name: string
  readonly url: URL
  readonly at: Place
  /** True for one that redirects whoever asks another name. */
  readonly redirects: boolean
  /** True for one that begins the addresses in its pages with it, scheme and all. */
  readonly links: boolean
}

/** The address that the application in a directory has of itself; null where there is none, or nobody knows. */
export const ownAddress = memoByKey((files: FileSystem, root: string): OwnAddress | null => {
  const project = posix.dirname(root)
  const wordpress = wordpressConfiguration(files, root)
  if (wordpress !== null)
    return inScript(wordpress, 'WP_HOME', { by: 'WordPress', name: 'WP_HOME', redirects: true, links: false })
  const moodle = moodleConfiguration(files, root)
  if (moodle !== null)
    return inScript(moodle, '$CFG->wwwroot', { by: 'Moodle', name: 'wwwroot', redirects: true, links: true })
  const joomla = sourceAt(files, `${root}/configuration.php`)
  if (joomla !== null && /\bclass\s+JConfig\b/.test(joomla.text))
    return inScript(joomla, '$live_site', { by: 'Joomla', name: 'live_site', redirects: false, links: true })
  const old = sourceAt(files, `${root}/application/config/config.php`)
  if (old !== null)
    return inScript(old, '$config[base_url]', {
      by: 'CodeIgniter',
      name: 'base_url',
      redirects: false,
      links: true,
    })
  const environment = sourceAt(files, `${project}/.env`)
  if (environment === null) return null
  if (isLaravel(files, project)) return inEnvironment(environment, 'ASSET_URL', 'Laravel')
  if (files.kind(`${project}/${PROJECT_FILES.CodeIgniter}`) === 'file')
    return inEnvironment(environment, 'app.baseURL', 'CodeIgniter')
  return null
})

function inScript(source: Source, key: string, facts: Omit<OwnAddress, 'url' | 'at'>): OwnAddress | null {
  const setting = phpSetting(source, key)
  const url = typeof setting?.value === 'string' ? parseUrl(setting.value) : null
  return setting == null || url === null ? null : { ...facts, url, at: setting.at }
}

function inEnvironment(source: Source, name: string, by: string): OwnAddress | null {
  const line = parseDotenv(source).findLast(each => each.name === name)
  const url = line?.value.known === true ? parseUrl(line.value.value) : null
  if (line === undefined || url === null) return null
  const at = valuePlace(line)
  return { by, name, url, at, redirects: false, links: true }
}

export function parseUrl(text: string): URL | null {
  return /^https?:\/\/[^/\uFFFC-\uFFFF]+/.test(text) && URL.canParse(text) ? new URL(text) : null
}
