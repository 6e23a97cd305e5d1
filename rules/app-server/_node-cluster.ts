import type { Place, Source } from '../../parsers/text/source.ts'
import type { AppServerProgram } from '../../src/deployment/model.ts'
import { loadedScripts } from './_loaded-scripts.ts'

/**
 * Where a script of Node.js becomes several processes that answer at one port: the instances of PM2, or the
 * `cluster.fork` of the script; null where it is one, or where something of it may keep clients at theirs.
 */
export function clusterOf(program: AppServerProgram): Place | null {
  const { server, pm2 } = program
  if (server.program !== 'node') return null
  const many = pm2 !== undefined && !pm2.forks && pm2.instances?.known === true && pm2.instances.value > 1
  const at = many ? pm2.instances.at : (server.sources.map(forkIn).find(place => place !== null) ?? null)
  return at === null || loadedScripts(program).some(({ code }) => /sticky/.test(code)) ? null : at
}

/** The `cluster.fork` of a script. */
function forkIn(source: Source): Place | null {
  const fork = /^(?!\s*\/\/).*?\bcluster\.fork(?=\()/m.exec(source.code)
  if (fork === null) return null
  const end = fork.index + fork[0].length
  return { source, start: end - 'cluster.fork'.length, end }
}
