import type { Deployment } from '../../src/deployment/model.ts'
import { type ApacheDirective, loadsPhp } from '../../src/servers/apache/configuration.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { type Fact, known } from '../../src/servers/fact.ts'

/** The two limits of one file of Apache, or of one section in it, whose PHP is loaded elsewhere. */
export interface WrittenLimits {
  readonly upload: Fact<string>
  /** Null where no line of the file sets it. */
  readonly post: Fact<string> | null
}

/** Lines for the PHP of Apache in files whose server is not here: they are read where that PHP is loaded alone. */
export function* limitsInFragments({ apache }: Deployment): Iterable<WrittenLimits> {
  for (const configuration of apache) {
    if (configuration.main !== null || loadsPhp(configuration)) continue
    const lines = ['php_value', 'php_admin_value'].flatMap(name => configuration.occurrences.get(name) ?? [])
    const posts = lines.filter(line => line.args[0]?.value === 'post_max_size')
    for (const line of lines) {
      const upload = line.args[0]?.value === 'upload_max_filesize' ? valueIn(line) : null
      if (upload === null) continue
      const own = posts.findLast(({ parent }) => parent === line.parent)
      // What stands in another section may be for the same files.
      if (own === undefined && posts.length > 0) continue
      yield { upload, post: own === undefined ? null : valueIn(own) }
    }
  }
}

function valueIn(line: ApacheDirective): Fact<string> | null {
  const value = line.args[1]?.value
  return value === undefined ? null : known(value, argumentPlace(line, 1))
}
