import type { Place } from '../../parsers/text/source.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'

/** A certificate of certbot that a line of nginx or Apache names. */
export interface NamedLineage {
  /** The directory below `/etc/letsencrypt/live`. */
  readonly name: string
  readonly path: string
  readonly at: Place
  readonly machine: Machine
}

/** Every line of a deployment that names a file below `/etc/letsencrypt/live`. */
export function* namedLineages({ nginx, apache, programOf }: Deployment): Iterable<NamedLineage> {
  for (const [configurations, directive] of [
    [nginx, 'ssl_certificate'],
    [apache, 'sslcertificatefile'],
  ] as const)
    for (const configuration of configurations)
      for (const line of configuration.occurrences.get(directive) ?? []) {
        const path = line.args[0]?.value ?? ''
        const name = /^\/etc\/letsencrypt\/live\/([^/]+)\/[^/]+\.pem$/.exec(path)?.[1]
        if (name !== undefined)
          yield { name, path, at: argumentPlace(line, 0), machine: programOf(configuration).machine }
      }
}
