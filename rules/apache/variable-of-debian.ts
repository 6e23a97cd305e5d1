import type { Container } from '../../src/deployment/containers/container.ts'
import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { wordPlace } from '../../src/servers/apache/queries/places.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'

const httpd = (lines: string): string => conf`
  ServerRoot /etc/httpd
  LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
  LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
  Listen 80
  ErrorLog /var/log/httpd/error_log
  <VirtualHost *:80>
      ServerName example.org
      DocumentRoot /srv/www
      ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'A variable that only Debian’s `envvars` sets',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Debian and Ubuntu export `APACHE_LOG_DIR` and its like in `/etc/apache2/envvars`, which `apachectl` reads there. On Red Hat and its kin, and in the official image `httpd`, nothing sets them: httpd warns (AH00111), keeps the letters, and does not start, as there is no directory `${APACHE_LOG_DIR}`.',
  remedy: 'Write the path: `ErrorLog logs/example_error.log`; or `Define APACHE_LOG_DIR /var/log/httpd`',
  references: ['https://httpd.apache.org/docs/2.4/configuring.html#syntax'],
  unproven: 'The live tests start httpd from Debian’s directory, with the variables of Debian',
  bad: [
    {
      title: 'the logs of a virtual host',
      files: { 'etc/httpd/conf/httpd.conf': httpd('ErrorLog «${APACHE_LOG_DIR}/error.log»') },
    },
  ],
  good: [
    {
      title: 'paths, and a variable that is defined',
      files: {
        'etc/httpd/conf/httpd.conf': `Define APACHE_LOG_DIR /var/log/httpd\n${httpd(conf`
          ErrorLog logs/example_error.log
          CustomLog \${APACHE_LOG_DIR}/access.log common
        `)}`,
      },
    },
    {
      title: 'Debian',
      files: { 'etc/apache2/apache2.conf': httpd('ErrorLog ${APACHE_LOG_DIR}/error.log') },
    },
  ],
  *check({ apache, programOf }) {
    for (const configuration of apache) {
      if (!isNotOfDebian(configuration)) continue
      const { container } = programOf(configuration).machine
      for (const name of OF_PATHS)
        for (const directive of configuration.occurrences.get(name) ?? [])
          for (const word of directive.args) {
            const at = wordPlace(directive, word)
            const variable = VARIABLE.exec(placeText(at))?.[1]
            if (variable === undefined || isSet(configuration, variable)) continue
            if (container !== null && mayHave(container, variable)) continue
            yield {
              at,
              message: `nothing sets \`${variable}\` here: it is a variable of Debian’s \`/etc/apache2/envvars\``,
            }
          }
    }
  },
})

const VARIABLE = /\$\{(APACHE_(?:LOG_DIR|RUN_DIR|LOCK_DIR|PID_FILE|RUN_USER|RUN_GROUP))\}/

const OF_PATHS = ['errorlog', 'customlog', 'transferlog', 'globallog', 'pidfile', 'user', 'group', 'mutex']

/** The main files of Red Hat’s package and of the official image, beside which no `envvars` is read. */
function isNotOfDebian({ main, environment }: ApacheConfiguration): boolean {
  if (environment?.complete === true) return false
  return main !== null && /^\/(?:etc\/httpd|usr\/local\/apache2)\/conf\/httpd\.conf$/.test(main.path)
}

function isSet({ environment, defines }: ApacheConfiguration, name: string): boolean {
  return defines.has(name) || environment?.variables.has(name) === true
}

/** True for a container that is given the variable, or started by what may set it. */
function mayHave({ service, image, hostFiles }: Container, variable: string): boolean {
  const given = serviceVariables(service, hostFiles)
  const isStock = service.command === null && service.entrypoint === null && image === null
  return !isStock || !given.complete || given.variables.some(({ name }) => name === variable)
}
