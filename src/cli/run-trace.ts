import { understand } from '../understand/understand.ts'
import type { TraceRequest } from '../deployment/requests/trace.ts'
import { traceRequest } from '../deployment/requests/trace-request.ts'
import { fileNamer } from '../files/file-owner.ts'
import { failureNotice } from '../files/notice.ts'
import { InputError } from '../files/input-error.ts'
import { redactTrace } from '../report/redact-trace.ts'
import { type NamedTrace, traceJson, traceText } from '../report/trace-text.ts'
import { type Address, parseHost } from '../servers/address.ts'
import { redactorFor } from '../redactor-for.ts'
import type { Arguments } from './arguments.ts'
import { commandOutput } from './command-output.ts'
import { prepare } from './prepare.ts'
import type { Terminal } from './terminal.ts'
import { warnIncomplete, warnStacks } from './warn-incomplete.ts'

/** Follows one request through every deployment of the path. */
export async function runTrace(given: Arguments, terminal: Terminal): Promise<number> {
  const [url, ...paths] = given.words
  if (url === undefined) throw new InputError('trace needs a URL such as https://example.org/page')
  const request = readRequest(url, given)
  const { machines, settingsOf } = await prepare({ ...given, words: paths }, [], terminal)
  const { chalk, write } = await commandOutput(given, terminal)
  const understood = machines.map(machine => understand(machine, settingsOf(machine)))
  const redact = redactorFor(
    machines,
    understood.flatMap(({ apache }) => apache),
  )
  const failures = understood.flatMap(machine => machine.failures)
  const traces: NamedTrace[] = []
  for (const { machine, deployments } of understood) {
    for (const deployment of deployments) {
      try {
        traces.push({
          trace: redactTrace(traceRequest(deployment, request), redact),
          fileName: fileNamer(machine),
        })
      } catch (error) {
        failures.push(failureNotice('following the request', null, error))
      }
    }
  }
  // Containers whose servers have main files of their own are asked once, not for each of them.
  const each = new Map(traces.map(named => [traceText(named.trace, named.fileName, chalk), named]))
  write([given.format === 'json' ? traceJson([...each.values()]) : [...each.keys()].join('\n')])
  warnIncomplete(failures, terminal)
  if (given.verbose) warnStacks(failures, terminal)
  return failures.length === 0 || given.allowIncomplete ? 0 : 4
}

/** Scheme, host, port, path with query; a fragment stays in the browser. */
const URL_PARTS = /^(https?):\/\/(\[[0-9a-f:.]+\]|[^/:?#\s]+)(?::(\d{1,5}))?([/?][^#\s]*)?(?:#\S*)?$/i
const NAMES_NO_SCHEME = /^[^./:][^/:]*(?:[:/?]|$)(?!\/\/)/
/** A token of RFC 9110. */
const METHOD = /^[\w!#$%&'*+.^`|~-]+$/

/** The path stays as it was typed: a URL class would decode and fold what a server is about to judge. */
function readRequest(url: string, { address, method }: Arguments): TraceRequest {
  // A name alone is asked for in plain HTTP; a path in its place is the arguments swapped.
  const parts = URL_PARTS.exec(NAMES_NO_SCHEME.test(url) ? `http://${url}` : url)
  if (parts === null) throw new InputError(`"${url}" is no URL such as https://example.org/page`)
  const scheme = parts[1]?.toLowerCase() === 'https' ? 'https' : 'http'
  const port = parts[3] === undefined ? (scheme === 'https' ? 443 : 80) : Number(parts[3])
  if (port < 1 || port > 65535) throw new InputError(`"${url}" has no port from 1 to 65535`)
  if (!METHOD.test(method)) throw new InputError(`--method takes a word such as GET, not "${method}"`)
  const path = parts[4] ?? '/'
  return {
    scheme,
    host: (parts[2] ?? '').toLowerCase(),
    port,
    target: path.startsWith('?') ? `/${path}` : path,
    method: method.toUpperCase(),
    ...(address !== null && { address: readAddress(address) }),
  }
}

function readAddress(written: string): Address {
  const address = parseHost(written)
  if (address.kind !== 'ip' || address.wildcard)
    throw new InputError(`--address takes an address such as 192.0.2.10, not "${written}"`)
  return address
}
