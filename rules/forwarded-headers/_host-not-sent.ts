import type { Place } from '../../parsers/text/source.ts'
import { type FrontLine, frontLine } from '../../src/deployment/front-lines.ts'
import type { Connection, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { addHeader } from './_add-header.ts'
import { lostHeaders } from './_lost-headers.ts'

/** A program that compares the name in its requests with `Host`. */
export interface Comparing {
  readonly name: string
  /** What it answers where the two differ. */
  readonly said: string
  readonly at: Place
}

/** What is said where a line sends such a program the name of its own URL; null where it sends another. */
export function hostNotSent(connection: Connection, program: Comparing): RuleFinding | null {
  return 'server' in connection
    ? notSentByNginx(connection, program)
    : notSentByApache(frontLine(connection), program)
}

function notSentByApache({ host, at, url }: FrontLine, program: Comparing): RuleFinding | null {
  if (host !== 'backend') return null
  return {
    at,
    message: `Apache sends ${program.name} the name in \`ProxyPass\`, not the one that clients use: ${program.said}`,
    label: 'no `ProxyPreserveHost On`',
    related: [
      { at: url, message: 'this name is sent' },
      { at: program.at, message: program.name },
    ],
    help: 'Write `ProxyPreserveHost On` in the virtual host',
  }
}

function notSentByNginx(connection: NginxConnection, program: Comparing): RuleFinding | null {
  const { headers, block, pass } = connection
  const line = headers.written.find(({ name }) => name === 'host')
  if (line !== undefined && line.value !== '$proxy_host') return null
  // Where a line of its own lost it, that line is the fault.
  if (lostHeaders(connection).some(({ name }) => name === 'host')) return null
  return {
    at: line === undefined ? namePlace(headers.level ?? block) : argumentPlace(line.directive, 1),
    message: `nginx sends ${program.name} the name in \`proxy_pass\`, not the one that clients use: ${program.said}`,
    label: line === undefined ? 'sets no `Host`' : 'the name of the upstream',
    related: [
      { at: argumentPlace(pass, 0), message: 'this name is sent' },
      { at: program.at, message: program.name },
    ],
    ...(line === undefined ? addHeader(connection, 'Host', '$http_host', 'unsafe') : {}),
  }
}
