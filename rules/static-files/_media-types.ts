import type { Place, Source } from '../../parsers/text/source.ts'
import { namePlace } from '../../src/deployment/places.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'

/** A media type in lower case, and where a table gives it to an extension. */
interface GivenType {
  readonly name: string
  readonly at: Place
}

/** The types that blocks of `types` give an extension, in reading order: nginx takes the last. */
export function typesOfExtension(tables: readonly NginxDirective[], extension: string): readonly GivenType[] {
  return tables.flatMap(({ children, source, node }) => {
    if (children.length > 0)
      return children.flatMap(line =>
        line.args.some(({ value }) => value === extension)
          ? [{ name: line.name.toLowerCase(), at: namePlace(line) }]
          : [],
      )
    return (node.block?.children ?? []).flatMap(line =>
      'args' in line && line.args.some(({ value }) => value === extension)
        ? [
            {
              name: line.name.value.toLowerCase(),
              at: { source, start: line.name.start, end: line.name.end },
            },
          ]
        : [],
    )
  })
}

/** The type that a `mime.types` as Apache reads it, a type and its extensions a line, gives an extension. */
export function typeInList(source: Source, extension: string): GivenType | null {
  let start = 0
  for (const line of source.code.split('\n')) {
    const [name = '', ...extensions] = line.trim().split(/\s+/)
    if (!name.startsWith('#') && extensions.includes(extension)) {
      const begin = start + line.indexOf(name)
      return { name: name.toLowerCase(), at: { source, start: begin, end: begin + name.length } }
    }
    start += line.length + 1
  }
  return null
}
