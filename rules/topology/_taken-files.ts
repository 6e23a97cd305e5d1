import type { NginxServer } from '../../src/deployment/model.ts'
import { locationPath } from '../../src/deployment/requests/location-path.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import type { NginxLocation } from '../../src/servers/nginx/queries/locations.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'
import { fromBytes, toBytes } from '../../src/servers/regex.ts'

/** Files below a location, one for each ending of an expression which is asked for them in its place. */
export function* filesTaken(
  server: NginxServer,
  { name }: NginxLocation,
  other: NginxLocation,
): Iterable<string> {
  const prefix = locationPath(other.directive)
  if (prefix !== null && prefix !== '/') return
  const directory = name.endsWith('/') ? name : `${name}/`
  for (const text of sampleTexts(other.name, { caseless: other.modifier === '~*' }).texts) {
    const ending = /^[/x]*(\.[A-Za-z0-9]+)$/.exec(fromBytes(text))?.[1]
    if (ending === undefined || /^\.(?:php\d?|cgi|pl|py|ht\w*|git)$/i.test(ending)) continue
    const path = `${directory}${MISSING}${ending}`
    const selected = selectLocation(server.configuration, server.directive, toBytes(path))
    if (selected.known && selected.value.location?.directive === other.directive) yield path
  }
}
