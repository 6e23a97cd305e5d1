import { posix } from 'node:path'
import type { AppServer } from '../../parsers/app-server/app-server.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, proxiedServer } from '../_examples.ts'
import { isTerm, supervisedProgram } from '../app-server/_supervised-program.ts'

const tree = (options: string, program = '', mark = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(proxiedServer('', '127.0.0.1:8000')),
  'etc/supervisor/conf.d/shop.conf': conf`
    [program:shop]
    command=${mark === '' ? '' : '«'}/opt/shop/bin/gunicorn${mark === '' ? '' : '»'} --bind 127.0.0.1:8000 ${options} web:application
    directory=/etc/shop
    user=www-data
    ${program}
  `,
})

/** What gunicorn gives its workers by itself, and supervisord its programs. */
const GRACEFUL = 30
const STOP_WAIT = 10

export default defineRule({
  summary: 'supervisord kills gunicorn before its workers are done',
  severity: 'warning',
  otherSeverities: {
    info: 'where nothing says that a request may take so long, or supervisord kills the workers too',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'At SIGTERM gunicorn waits up to `--graceful-timeout`, half a minute by itself, for the requests that its workers answer. supervisord waits for `stopwaitsecs`, 10 seconds by itself, and then kills the master alone. The workers go on, and hold the port: the gunicorn that supervisord starts next ends with `Connection in use`, until the last of them is done.',
  remedy: 'Set `stopwaitsecs` above `--graceful-timeout`, and `killasgroup=true`',
  references: [
    'http://supervisord.org/configuration.html#program-x-section-values',
    'https://docs.gunicorn.org/en/stable/settings.html#graceful-timeout',
  ],
  unproven: 'The live tests start servers without supervisord, and end them themselves',
  bad: [
    { title: 'slow requests, and the defaults of both', files: tree('--timeout 120', '', 'program') },
    {
      title: 'more time than supervisord has',
      files: tree('--timeout 60 --graceful-timeout 60', 'stopwaitsecs=«30»'),
    },
    { title: 'nothing is told to either', files: tree('--workers 4', '', 'program') },
    {
      title: 'workers that are killed with their master',
      files: tree('--timeout 120', 'stopwaitsecs=«20»\nkillasgroup=true'),
    },
  ],
  good: [
    { title: 'time enough', files: tree('--timeout 120', 'stopwaitsecs=40') },
    { title: 'less time for the workers', files: tree('--timeout 120 --graceful-timeout 8') },
    { title: 'a signal that waits for nobody', files: tree('--timeout 120', 'stopsignal=QUIT') },
    { title: 'a time that a variable has', files: tree('--graceful-timeout %(ENV_WAIT)s') },
    { title: 'requests that take less', files: tree('--timeout 8') },
  ],
  *check(deployment) {
    for (const { server, by } of programsOfKind(deployment, 'app-server')) {
      if (by !== 'supervisord' || server.program !== 'gunicorn' || !server.complete) continue
      const supervised = supervisedProgram(server, deployment.supervisors)
      if (supervised === null || !isTerm(supervised.stopSignal)) continue
      // A script between the two decides itself what becomes of the signal.
      if (!/gunicorn/.test(posix.basename(supervised.words?.[0]?.text ?? ''))) continue
      const { stopWait, killsGroup } = supervised
      const graceful = server.gracefulTimeout
      if (graceful?.known === false || stopWait?.known === false || killsGroup?.known === false) continue
      const needs = graceful?.value ?? GRACEFUL
      const has = stopWait?.value ?? STOP_WAIT
      const longest = longestRequest(server)
      if (needs <= has || (longest !== null && longest <= has)) continue
      const isMeant = graceful !== null || (longest !== null && server.timeout !== null)
      const killsAll = killsGroup?.value === true
      yield {
        at: stopWait?.at ?? server.at,
        ...((!isMeant || killsAll) && { severity: 'info' as const }),
        message: `supervisord kills gunicorn after ${has} seconds, and gunicorn gives its workers ${needs} to end their requests${killsAll ? '' : ': they go on without it, and hold the port that the next one wants'}`,
        label: stopWait === null ? 'no stopwaitsecs' : 'less than gunicorn gives its workers',
        related: graceful?.at == null ? [] : [{ at: graceful.at, message: 'what gunicorn gives them' }],
        help: `Write \`stopwaitsecs=${needs + 10}\``,
      }
    }
  },
})

/** Seconds that a request of synchronous workers takes at most; null where there is no such limit, or nobody knows it. */
function longestRequest({ workerClass, threads, timeout }: AppServer): number | null {
  const isSync =
    (workerClass === null || (workerClass.known && workerClass.value === 'sync')) &&
    (threads === null || (threads.known && threads.value === 1))
  if (!isSync || timeout?.known === false || timeout?.value === 0) return null
  return timeout?.value ?? 30
}
