import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { executedArgument } from './_lines.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { apacheMain } from '../_examples.ts'

const BALANCER = conf`
  <Proxy balancer://nodes>
      BalancerMember http://127.0.0.1:3000
  </Proxy>
  ProxyPass / balancer://nodes/
`

const main = (lines: string, modules: readonly string[]): string =>
  apacheMain(
    conf`
      Listen 80
      ServerName example.org
      ${lines}
    `,
    modules,
  )

const TLS = ['ssl', 'socache_shmcb']

export default defineRule({
  summary: 'Apache passes configtest and does not start',
  severity: 'error',
  otherSeverities: {
    info: 'where nothing that is read with it sets `SSLStaplingCache`, and the main file is elsewhere: no distribution sets it',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Some modules look for another one, or for a setting, only when Apache starts. `apache2ctl configtest` never comes there: it says `Syntax OK`, and the next restart takes every site down.',
  remedy: 'Load the module (`a2enmod slotmem_shm lbmethod_byrequests`), or write the setting',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy_balancer.html',
    'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslstaplingcache',
  ],
  bad: [
    {
      title: 'mod_proxy_balancer without shared memory',
      files: {
        'etc/apache2/apache2.conf': main(BALANCER, ['proxy', 'proxy_http', 'lbmethod_byrequests']).replace(
          'Listen 80',
          'LoadModule «proxy_balancer_module» /usr/lib/apache2/modules/mod_proxy_balancer.so\nListen 80',
        ),
      },
    },
    {
      title: 'a balancer without the method by which it chooses',
      files: {
        'etc/apache2/apache2.conf': main(BALANCER, [
          'proxy',
          'proxy_http',
          'slotmem_shm',
          'proxy_balancer',
        ]).replace('<Proxy balancer://nodes>', '<Proxy «balancer://nodes»>'),
      },
    },
    {
      title: 'stapling without its cache',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            SSLEngine on
            SSLCertificateFile /etc/ssl/site.pem
            SSLCertificateKeyFile /etc/ssl/site.key
            «SSLUseStapling» on
          `,
          TLS,
        ),
      },
    },
    {
      title: 'stapling in a site, and its cache in no file',
      files: {
        'templates/ssl.conf.j2': conf`
          SSLProtocol -all +TLSv1.2 +TLSv1.3
          «SSLUseStapling» on
          SSLStaplingReturnResponderErrors off
        `,
      },
    },
  ],
  good: [
    {
      title: 'all that a balancer needs',
      files: {
        'etc/apache2/apache2.conf': main(BALANCER, [
          'proxy',
          'proxy_http',
          'slotmem_shm',
          'lbmethod_byrequests',
          'proxy_balancer',
        ]),
      },
    },
    {
      title: 'another method, and a cache',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            ${BALANCER.replace('</Proxy>', '    ProxySet lbmethod=bybusyness\n</Proxy>')}
            SSLStaplingCache shmcb:/tmp/stapling(128000)
            SSLEngine on
            SSLCertificateFile /etc/ssl/site.pem
            SSLCertificateKeyFile /etc/ssl/site.key
            SSLUseStapling on
          `,
          [...TLS, 'proxy', 'proxy_http', 'slotmem_shm', 'lbmethod_bybusyness', 'proxy_balancer'],
        ),
      },
    },
    {
      title: 'a fragment, whose main file may have the modules',
      files: { 'site.conf': BALANCER },
    },
    {
      title: 'stapling in one file, and its cache in another',
      files: {
        'sites/site.conf': conf`
          <VirtualHost *:443>
              ServerName example.org
              SSLEngine on
              SSLUseStapling on
          </VirtualHost>
        `,
        'conf/stapling.conf': conf`
          SSLStaplingCache shmcb:\${APACHE_RUN_DIR}/stapling(128000)
        `,
      },
    },
    {
      title: 'a main file that includes more than is here',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            IncludeOptional \${SITES}/*.conf
            SSLUseStapling on
          `,
          TLS,
        ),
      },
    },
  ],
  *check({ apache }) {
    const isCached = apache.some(({ occurrences }) => occurrences.has('sslstaplingcache'))
    for (const configuration of apache) {
      const { modules, main, occurrences } = configuration
      if (!modules.has('proxy_balancer_module') && !occurrences.has('sslusestapling')) continue
      if (main === null && !isCached) yield* ofLooseStapling(configuration)
      if (!isWhole(configuration)) continue
      yield* ofBalancers(configuration)
      yield* ofStapling(configuration)
    }
  },
})

function* ofBalancers(configuration: ApacheConfiguration) {
  const { modules, occurrences } = configuration
  const balancer = modules.get('proxy_balancer_module')
  if (balancer?.at === null || balancer?.at === undefined) return
  if (!modules.has('slotmem_shm_module')) {
    yield {
      at: executedArgument(configuration, 'LoadModule', balancer.id) ?? balancer.at,
      message:
        'mod_proxy_balancer needs `slotmem_shm_module`, which is not loaded: Apache does not start (AH01177)',
    }
    return
  }
  if (modules.has('lbmethod_byrequests_module')) return
  const hasMethod = ['proxyset', 'proxypass'].some(name =>
    occurrences.get(name)?.some(({ args }) => args.some(({ value }) => /^lbmethod=/i.test(value))),
  )
  if (hasMethod) return
  const section = (occurrences.get('proxy') ?? []).find(
    each =>
      /^balancer:/i.test(each.args[0]?.value ?? '') &&
      directivesIn(configuration, each, 'balancermember').length > 0,
  )
  if (section === undefined) return
  yield {
    at: argumentPlace(section, 0),
    message:
      'a balancer chooses by requests, and `lbmethod_byrequests_module` is not loaded: Apache does not start (AH02432)',
  }
}

function* ofStapling(configuration: ApacheConfiguration) {
  if (configuration.occurrences.has('sslstaplingcache')) return
  const line = stapling(configuration)
  if (line !== undefined)
    yield {
      at: namePlace(line),
      message: 'stapling is on, and no `SSLStaplingCache` is set: Apache does not start (AH01958)',
    }
}

/** Of files that some server includes: what it has besides is nowhere here, and no distribution's has the cache. */
function* ofLooseStapling(configuration: ApacheConfiguration) {
  const line = stapling(configuration)
  if (line !== undefined)
    yield {
      at: namePlace(line),
      severity: 'info' as const,
      message:
        'stapling is on, and nothing beside it sets `SSLStaplingCache`, without which Apache does not start (AH01958)',
    }
}

function stapling({ occurrences }: ApacheConfiguration): ApacheDirective | undefined {
  return occurrences.get('sslusestapling')?.find(({ args }) => args[0]?.value.toLowerCase() === 'on')
}
