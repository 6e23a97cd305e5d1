import type { Place } from '../../parsers/text/source.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { patternPlace } from '../_apache-sections.ts'

/** A regular expression that Apache compares with a path, or with the name of a file. */
export interface PathPattern {
  readonly pattern: string
  readonly caseless: boolean
  readonly at: Place
}

/** Those that nothing unknown is in, of sections, of rewriting with its conditions, of redirects and of aliases. */
export function* pathPatterns(configuration: ApacheConfiguration, files: FileSystem): Generator<PathPattern> {
  for (const name of SECTIONS) {
    for (const section of everywhere(configuration, files, name)) {
      const { kind, text } = sectionPattern(section)
      if (kind === 'regex') yield { pattern: text, caseless: false, at: patternPlace(section) }
    }
  }
  for (const name of LINES) {
    for (const line of everywhere(configuration, files, name)) {
      const index = line.args.findIndex(({ value }) => /[/^$*.]/.test(value))
      const pattern = line.args[index]?.value
      if (pattern !== undefined && isSettled(pattern))
        yield { pattern, caseless: false, at: argumentPlace(line, index) }
    }
  }
  for (const { directive, pattern, flags, conditions, settled } of placedRules(configuration, files)) {
    if (!settled) continue
    yield { pattern, caseless: flags.has('NC'), at: argumentPlace(directive, 0) }
    for (const { directive: line, input, test, pattern: compared, caseless } of conditions)
      if (test === 'regex' && PATHS.test(input))
        yield { pattern: compared, caseless, at: argumentPlace(line, 1) }
  }
}

const SECTIONS = ['files', 'filesmatch', 'directory', 'directorymatch', 'location', 'locationmatch']
const LINES = ['redirectmatch', 'aliasmatch', 'scriptaliasmatch', 'proxypassmatch']
const PATHS = /^%\{(?:REQUEST_URI|REQUEST_FILENAME|SCRIPT_FILENAME|THE_REQUEST)\}$/i
