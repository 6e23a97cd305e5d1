import type { Place } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { type AnyDirective, argumentPlace } from '../../src/deployment/places.ts'
import { headerLine } from '../../src/servers/apache/queries/header-tables.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { moreHeaders } from './_more-headers.ts'

/** A response header and its value, as a line of one of the servers sends it. */
export interface SetHeader {
  /** As written. */
  readonly name: string
  readonly nameAt: Place
  readonly value: string
  readonly valueAt: Place
  /** The texts of the lines beside it that set headers. */
  readonly others: () => readonly string[]
}

/** The headers that the lines of each server set, server by server. */
export function* headersSet({ nginx, apache, filesOf }: Deployment): Iterable<readonly SetHeader[]> {
  for (const configuration of nginx) yield [...addedHeaders(configuration), ...headersOfMore(configuration)]
  for (const configuration of apache)
    yield everywhere(configuration, filesOf(configuration), 'header').flatMap(directive => {
      const line = headerLine(directive)
      if (line === null || line.value === null || line.valueAt === null) return []
      if (line.action !== 'set' && line.action !== 'add' && line.action !== 'setifempty') return []
      return [
        {
          name: line.name,
          nameAt: line.nameAt,
          value: line.value.trim(),
          valueAt: line.valueAt,
          others: () => textsOf(directive.parent?.children ?? configuration.top, /^header$/i),
        },
      ]
    })
}

const OF_NGINX = /^(?:add_header|more_set_headers)$/

function addedHeaders({ occurrences, top }: NginxConfiguration): readonly SetHeader[] {
  return (occurrences.get('add_header') ?? []).flatMap(line => {
    const [name, value] = line.args
    if (name === undefined || value === undefined) return []
    return [
      {
        name: name.value,
        nameAt: argumentPlace(line, 0),
        value: value.value.trim(),
        valueAt: argumentPlace(line, 1),
        others: () => textsOf(line.parent?.children ?? top, OF_NGINX),
      },
    ]
  })
}

function headersOfMore({ occurrences, top }: NginxConfiguration): readonly SetHeader[] {
  return (occurrences.get('more_set_headers') ?? []).flatMap(line =>
    moreHeaders(line).map(({ name, value, at }) => ({
      name,
      nameAt: at,
      value,
      valueAt: at,
      others: () => textsOf(line.parent?.children ?? top, OF_NGINX),
    })),
  )
}

function textsOf(lines: readonly AnyDirective[], names: RegExp): readonly string[] {
  return lines
    .filter(({ name }) => names.test(name))
    .map(({ args }) => args.map(({ value }) => value).join(' '))
}
