import { posix } from 'node:path'
import { withoutComments } from '../../parsers/python/without-comments.ts'
import type { Place } from '../../parsers/text/source.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'

/** What serves an ASGI application, or may. */
const SERVES_ASGI =
  /\b(?:daphne|uvicorn|hypercorn|granian|nginx-unit|unitd)\b|\basgi\b|\brunserver\b|\brunworker\b/i

/**
 * Projects of Django whose `asgi.py` has routes for WebSockets, and of which gunicorn or its like runs `wsgi.py` alone.
 *
 * @see https://channels.readthedocs.io/en/latest/deploying.html
 */
export function* channelsOverWsgi(
  deployment: Deployment,
  isWsgi: (program: AppServerProgram) => boolean,
): Iterable<RuleFinding> {
  for (const program of programsOfKind(deployment, 'app-server')) {
    const { application, development } = program.server
    if (!program.isSeen || development || application?.known !== true || application.at === null) continue
    const routes = isWsgi(program) ? socketRoutes(deployment, program) : null
    if (routes === null || mayServeAsgi(deployment)) continue
    const upgraded = deployment.connections.nginx.find(
      ({ targets, headers }) =>
        headers.written.some(({ name }) => name === 'upgrade') &&
        targets.some(target => serverBehind(target) === program),
    )
    yield {
      at: application.at,
      severity: upgraded === undefined ? 'warning' : 'error',
      message: `\`asgi.py\` beside it has routes for WebSockets, and nothing runs it: ${programName(program)} answers their handshake with 404`,
      label: 'WSGI alone',
      related: [
        { at: routes, message: 'the routes for WebSockets' },
        ...(upgraded === undefined
          ? []
          : [{ at: namePlace(upgraded.pass), message: 'nginx passes the upgrade on' }]),
      ],
      help: `Run \`${application.value.replace(/\bwsgi\b/, 'asgi')}\` with Daphne or uvicorn, as \`gunicorn -k uvicorn.workers.UvicornWorker\` does`,
    }
  }
}

/** The routes for WebSockets of the `asgi.py` beside the `wsgi.py` that a server loads. */
function socketRoutes({ moduleOf }: Deployment, program: AppServerProgram): Place | null {
  const loaded = moduleOf(program)
  if (loaded === null || !/(?:^|\.)wsgi$/.test(loaded.module)) return null
  const { source: wsgi } = loaded
  if (wsgi === null || wsgi === 'missing') return null
  // Django lays both beside the settings.
  const source = sourceAt(program.machine.files, posix.join(posix.dirname(wsgi.path), 'asgi.py'))
  if (source === null) return null
  const found = /\bProtocolTypeRouter\(\s*\{[\s\S]*?(["']websocket["'])\s*:/.exec(
    withoutComments(source.code),
  )
  if (found?.[1] === undefined) return null
  const end = found.index + found[0].lastIndexOf(found[1]) + found[1].length
  return { source, start: end - found[1].length, end }
}

/** True where anything else that is started, or how machines are set up, may run the other application. */
function mayServeAsgi(deployment: Deployment): boolean {
  const { commands, setups, machines } = deployment
  const setUp = setups()
  if (setUp === null || setUp.some(({ text }) => SERVES_ASGI.test(text))) return true
  if (commands.some(({ words }) => words.some(({ text }) => SERVES_ASGI.test(text)))) return true
  if (
    programsOfKind(deployment, 'app-server').some(({ server }) =>
      /daphne|uvicorn|hypercorn|granian/.test(server.program),
    )
  )
    return true
  const texts = machines.flatMap(({ loose }) =>
    loose === null
      ? []
      : [
          ...loose.starters.services.map(({ path }) => path),
          ...loose.starters.gunicorn,
          ...loose.dockerfiles,
          ...loose.manifests,
        ].flatMap(path => sourceAt(loose.files, path)?.text ?? []),
  )
  const ofServices = deployment
    .containers()
    .flatMap(({ service }) => [...(service.command?.words ?? []), ...(service.entrypoint?.words ?? [])])
    .map(({ text }) => text)
  return [...texts, ...ofServices].some(text => SERVES_ASGI.test(text))
}
