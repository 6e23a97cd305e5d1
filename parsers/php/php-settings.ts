import type { Source } from '../text/source.ts'
import type { WrittenText } from '../text/written-text.ts'
import { readPhpIniLines } from './ini-settings.ts'

/**
 * The settings of `php.ini` and the files of its `conf.d`, the last one of a name; those of a `[PATH=…]` or
 * `[HOST=…]` hold for some requests alone, and are left out.
 *
 * @param sources in PHP's order: `php.ini`, then the others by their names
 */
export function readPhpSettings(sources: readonly Source[]): ReadonlyMap<string, WrittenText> {
  const settings = new Map<string, WrittenText>()
  for (const source of sources) {
    let general = true
    for (const line of readPhpIniLines(source)) {
      if (line.kind === 'section') general = !/^(?:PATH|HOST)\s*=/i.test(line.name)
      else if (line.kind === 'setting' && general && line.index === null) settings.set(line.name, line.value)
    }
  }
  return settings
}
