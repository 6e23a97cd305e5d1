import type { Place } from '../../parsers/text/source.ts'
import type { Application, Deployment } from '../../src/deployment/model.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { namedLibraries } from '../../src/deployment/django/python-libraries.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const host = (options: string): string => conf`
  <VirtualHost *:9000>
      ServerName example.org
      WSGIDaemonProcess ${options}
      WSGIProcessGroup app
      WSGIScriptAlias / /srv/app/wsgi.py
  </VirtualHost>
`

export default defineRule({
  summary: 'The application runs in several threads of one process',
  severity: 'info',
  otherSeverities: { warning: 'where the application is known not to be thread safe' },
  confidence: 'medium',
  since: '0.1.0',
  advises: 'mod_wsgi',
  why: 'Without `threads=` a daemon process has fifteen. A library that keeps state outside of Python’s reach mixes the data of two clients then, or crashes the process: some geospatial ones were known for it. Where the settings are in the audit and name no such library, nothing is said.',
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
        '.auditrc': conf`
          facts:
            threadSafe: false
        `,
      },
    },
    {
      title: 'a library that its owner calls unsafe',
      files: {
        'site.conf': host('app «threads=15»').replace('/srv/app/wsgi.py', '/srv/app/app/wsgi.py'),
        'srv/app/app/wsgi.py': conf`
          import os
          os.environ['DJANGO_SETTINGS_MODULE'] = 'app.settings'
        `,
        'srv/app/app/settings.py': conf`INSTALLED_APPS = ['django.contrib.auth', 'charts']`,
        '.auditrc': conf`
          facts:
            threadUnsafeLibraries: [charts]
        `,
      },
    },
  ],
  good: [
    {
      title: 'settings that name no such library',
      files: {
        'site.conf': host('app threads=15').replace('/srv/app/wsgi.py', '/srv/app/app/wsgi.py'),
        'srv/app/app/wsgi.py': conf`
          import os
          os.environ['DJANGO_SETTINGS_MODULE'] = 'app.settings'
        `,
        'srv/app/app/settings.py': conf`INSTALLED_APPS = ['django.contrib.auth']`,
      },
    },
    { title: 'one thread each', files: { 'site.conf': host('app processes=4 threads=1') } },
    {
      title: 'the owner says it is safe',
      files: {
        'site.conf': host('app threads=15'),
        '.auditrc': conf`
          facts:
            threadSafe: true
        `,
      },
    },
  ],
  *check(deployment) {
    const { daemons, facts } = deployment
    if (facts.threadSafe === true) return
    const threaded = daemons.filter(({ name, threads }) => name.known && threads.known && threads.value !== 1)
    if (threaded.length === 0) return
    const byGroup = applicationsByGroup(deployment)
    for (const daemon of threaded) {
      const { name, at, threads, processes, options } = daemon
      if (!name.known || !threads.known) continue
      const library = unsafeLibrary(deployment, byGroup.get(name.value) ?? [])
      if (library === null && facts.threadSafe === null) continue
      const isUnsafe = facts.threadSafe === false || library?.certain === true
      const written = options.get('threads')
      const count = options.get('processes')
      const because = written === undefined ? ', because nothing says otherwise' : ''
      const verdict =
        facts.threadSafe === false
          ? ', and it is not thread safe'
          : library?.name === undefined
            ? ''
            : `, and it loads \`${library.name}\``
      yield {
        at: written?.at ?? at,
        severity: isUnsafe ? 'warning' : 'info',
        confidence: isUnsafe ? 'high' : 'medium',
        message: `\`${name.value}\` runs the application in ${threads.value} threads${because}${verdict}`,
        ...(library?.at == null ? {} : { related: [{ at: library.at, message: 'named here' }] }),
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

/** Libraries that Django's own documentation, or their authors, warn of; none of today's is certain. */
const SUSPECT = ['django.contrib.gis', 'mapnik', 'python-mapnik']

interface UnsafeLibrary {
  /** Undefined where the application's libraries are not known. */
  readonly name?: string
  readonly at?: Place | null
  /** True where the owner calls it unsafe. */
  readonly certain: boolean
}

/** Null where the libraries of every application are known and none is suspect. */
function unsafeLibrary(
  { filesOf, facts, pythonOf }: Deployment,
  applications: readonly Application[],
): UnsafeLibrary | null {
  let unknown = applications.length === 0
  for (const application of applications) {
    const python = pythonOf(application)
    if (python === null || python.settings?.get('INSTALLED_APPS')?.known !== true) {
      unknown = true
      continue
    }
    for (const { name, at } of namedLibraries(filesOf(application.configuration), python)) {
      if (facts.threadUnsafeLibraries.includes(name)) return { name, at, certain: true }
      if (SUSPECT.includes(name)) return { name, at, certain: false }
    }
  }
  return unknown ? { certain: false } : null
}

function applicationsByGroup({ applications }: Deployment): ReadonlyMap<string, readonly Application[]> {
  const groups = new Map<string, Application[]>()
  for (const application of applications) {
    const { processGroup } = application
    if (!processGroup.known) continue
    const group = groups.get(processGroup.value)
    if (group === undefined) groups.set(processGroup.value, [application])
    else group.push(application)
  }
  return groups
}
