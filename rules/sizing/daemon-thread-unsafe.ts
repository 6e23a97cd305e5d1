import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { defineRule } from '../../src/engine/rule.ts'

const host = (options: string): string =>
  `<VirtualHost *:9000>\n    ServerName example.org\n    WSGIDaemonProcess ${options}\n    WSGIProcessGroup app\n    WSGIScriptAlias / /srv/app/wsgi.py\n</VirtualHost>\n`

export default defineRule({
  summary: 'The application runs in several threads of one process',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Without `threads=` a daemon process has fifteen. A library that keeps state outside of Python’s reach mixes the data of two visitors then, or crashes the process: some geospatial ones were known for it.',
  remedy:
    'Say in `.auditrc` whether the application is thread safe (`facts.threadSafe`); where it is not, use `processes=N threads=1`',
  references: ['https://modwsgi.readthedocs.io/en/master/user-guides/processes-and-threading.html'],
  bad: [
    {
      title: 'fifteen threads that nobody wrote',
      files: { 'site.conf': host('«app» maximum-requests=10000') },
    },
    {
      title: 'an application that its owner calls unsafe',
      files: {
        'site.conf': host('app processes=2 «threads=5»'),
        '.auditrc': 'facts:\n  threadSafe: false\n',
      },
    },
  ],
  good: [
    { title: 'one thread each', files: { 'site.conf': host('app processes=4 threads=1') } },
    {
      title: 'the owner says it is safe',
      files: { 'site.conf': host('app threads=15'), '.auditrc': 'facts:\n  threadSafe: true\n' },
    },
  ],
  *check({ daemons, facts }) {
    if (facts.threadSafe === true) return
    for (const { name, at, threads, processes, options } of daemons) {
      if (!name.known || !threads.known || threads.value === 1) continue
      const isUnsafe = facts.threadSafe === false
      const written = options.get('threads')
      const count = options.get('processes')
      yield {
        at: written?.at ?? at,
        severity: isUnsafe ? 'warning' : 'info',
        confidence: isUnsafe ? 'high' : 'medium',
        message:
          written === undefined
            ? `\`${name.value}\` runs the application in ${threads.value} threads, because nothing says otherwise${isUnsafe ? ', and it is not thread safe' : ''}`
            : `\`${name.value}\` runs the application in ${threads.value} threads${isUnsafe ? ', and it is not thread safe' : ''}`,
        ...(isUnsafe && written !== undefined && count !== undefined && processes.known
          ? propose('Use one thread each, and as many processes', 'unsafe', [
              replacePlace(written.at, 'threads=1'),
              replacePlace(count.at, `processes=${processes.value * threads.value}`),
            ])
          : {}),
      }
    }
  },
})
