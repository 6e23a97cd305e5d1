import { namePlace } from '../../src/deployment/places.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'

/** `types` of a location that replaces the whole table, where a location inside of it is written for style sheets. */
export function* typesOfLocations({ occurrences }: NginxConfiguration): Iterable<RuleFinding> {
  for (const types of occurrences.get('types') ?? []) {
    const location = types.parent
    if (location?.name !== 'location') continue
    const beside = location.children.filter(({ name }) => name === 'types' || name === 'include')
    // A file that is included may be the table.
    if (beside.some(({ name, args }) => name === 'include' && /types/.test(args[0]?.value ?? ''))) continue
    if (beside.some(each => each.name === 'types' && mayKnowSheets(each))) continue
    const sheets = childrenNamed(location, 'location').find(sendsSheets)
    if (sheets === undefined) continue
    yield {
      at: namePlace(types),
      message:
        '`types` in this location replaces the inherited table, and `.css` is not among what is left for the location of style sheets in it',
      label: 'replaces `mime.types`',
      help: 'Write `include mime.types;` in front of `types`',
      related: [{ at: namePlace(sheets), message: 'sends style sheets' }],
    }
  }
}

/** True for a table in which they are, and for an empty one, by which everything gets the type of `default_type`. */
function mayKnowSheets({ node, source }: NginxDirective): boolean {
  const entries = node.block?.children.filter(child => 'args' in child) ?? []
  return (
    source.text.slice(node.start, node.end).includes('include') ||
    entries.length === 0 ||
    entries.some(entry => 'args' in entry && entry.args.some(({ value }) => value === 'css'))
  )
}

/** An expression for their ending, and files sent where it matches. */
function sendsSheets(location: NginxDirective): boolean {
  const { modifier, name } = readLocation(location)
  return (
    modifier.startsWith('~') &&
    /\bcss\b/.test(name) &&
    !location.children.some(child => child.name === 'types' || child.name.endsWith('_pass')) &&
    location.children.some(child => /^(?:try_files|root|expires|add_header)$/.test(child.name))
  )
}
