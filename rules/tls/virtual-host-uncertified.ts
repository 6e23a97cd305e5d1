import { givenVariables } from '../../parsers/compose/given-variables.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { behindNginxProxy } from '../containers/_examples.ts'
import { type VirtualHost, virtualHosts } from '../containers/_virtual-hosts.ts'

export default defineRule({
  summary: 'acme-companion has a certificate made for another name than nginx-proxy serves',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'acme-companion asks for a certificate for the names in `LETSENCRYPT_HOST` (`ACME_HOST`), nginx-proxy serves those in `VIRTUAL_HOST`, and takes the certificate that is called as the name is, else as its parent. `www.example.org` beside a certificate for `example.org` alone is answered with that one, and plain HTTP is redirected there: `NET::ERR_CERT_COMMON_NAME_INVALID`. A name without either has no TLS.',
  remedy: 'Name the same hosts in both',
  references: [
    'https://github.com/nginx-proxy/acme-companion/blob/main/docs/Let%27s-Encrypt-and-ACME.md',
    'https://github.com/nginx-proxy/nginx-proxy/tree/main/docs#ssl-support',
  ],
  unproven: 'The live tests start no containers, and no authority makes certificates for them',
  bad: [
    {
      title: 'without www',
      files: behindNginxProxy('VIRTUAL_HOST: example.org,www.example.org\nLETSENCRYPT_HOST: «example.org»'),
    },
    {
      title: 'the new name of the variable',
      files: behindNginxProxy('VIRTUAL_HOST: www.example.org\nACME_HOST: «example.org»'),
    },
    {
      title: 'in a file of variables',
      files: {
        'compose.yaml': behindNginxProxy('A: b')['compose.yaml']!.replace(
          /environment:\n.*/,
          'env_file: ./shop.env',
        ),
        'shop.env': conf`
          VIRTUAL_HOST=www.example.org
          LETSENCRYPT_HOST=«example.org»
        `,
      },
    },
    {
      title: 'another name',
      files: behindNginxProxy('VIRTUAL_HOST: shop.example.org\nLETSENCRYPT_HOST: «store.example.org»'),
    },
    {
      title: 'a letter',
      files: behindNginxProxy('- VIRTUAL_HOST=shop.example.org\n- LETSENCRYPT_HOST=«shop.exmaple.org»'),
    },
  ],
  good: [
    {
      title: 'the same names in another order',
      files: behindNginxProxy(
        'VIRTUAL_HOST: example.org,www.example.org\nLETSENCRYPT_HOST: www.example.org, example.org',
      ),
    },
    {
      title: 'a wildcard',
      files: behindNginxProxy(
        'VIRTUAL_HOST: shop.example.org\nLETSENCRYPT_HOST: "example.org,*.example.org"',
      ),
    },
    { title: 'no certificate', files: behindNginxProxy('VIRTUAL_HOST: shop.example.org') },
    {
      title: 'one that is named',
      files: behindNginxProxy(
        'VIRTUAL_HOST: www.example.org\nLETSENCRYPT_HOST: example.org\nCERT_NAME: shared',
      ),
    },
    {
      title: 'without TLS',
      files: behindNginxProxy(
        'VIRTUAL_HOST: www.example.org\nLETSENCRYPT_HOST: example.org\nHTTPS_METHOD: nohttps',
      ),
    },
    {
      title: 'a name of the own network besides',
      files: behindNginxProxy('VIRTUAL_HOST: shop.example.org,shop.lan\nLETSENCRYPT_HOST: shop.example.org'),
    },
    {
      title: 'a name besides that is served without TLS',
      files: behindNginxProxy(
        'VIRTUAL_HOST: shop.example.org,shop.example.net\nLETSENCRYPT_HOST: shop.example.org',
      ),
    },
    {
      title: 'variables',
      files: behindNginxProxy('VIRTUAL_HOST: www.example.org\nLETSENCRYPT_HOST: "${NAMES}"'),
    },
    {
      title: 'a certificate that another container asks for',
      files: behindNginxProxy(
        'VIRTUAL_HOST: www.example.org\nLETSENCRYPT_HOST: example.org',
        conf`
          site:
            image: example/site:1
            environment:
              VIRTUAL_HOST: example.org
              LETSENCRYPT_HOST: example.org,www.example.org
        `,
      ),
    },
  ],
  *check(deployment) {
    const { hosts, certified } = virtualHosts(deployment)
    if (certified === null) return
    const served = new Set(hosts.flatMap(({ names }) => names.map(({ name }) => name.toLowerCase())))
    for (const host of hosts) {
      if (host.certified === null || !usesCertificates(host)) continue
      const names = host.names.filter(({ name }) => isPublicName(name))
      const lost = names.filter(({ name }) => !covers(certified, name))
      const isOther =
        lost.length === host.names.length &&
        host.certified.names.every(({ name }) => !served.has(name.toLowerCase()))
      const first = lost.find(({ name }) => certified.has(parentOf(name))) ?? (isOther ? lost[0] : undefined)
      if (first === undefined) continue
      const parent = parentOf(first.name)
      const { variable, at } = host.certified
      yield {
        at,
        message: certified.has(parent)
          ? `nginx-proxy answers \`https://${first.name}\` with the certificate for \`${parent}\`, and redirects plain HTTP there`
          : `no certificate is made for \`${first.name}\`, and the one for \`${host.certified.names[0]?.name}\` is used by no host`,
        label: `not \`${first.name}\``,
        related: [{ at: first.at, message: 'served by nginx-proxy' }],
        help: `Add \`${first.name}\` to \`${variable}\``,
      }
    }
  },
})

function usesCertificates({ service }: VirtualHost): boolean {
  return !givenVariables(service).some(({ name }) =>
    /^(?:CERT_NAME|HTTPS_METHOD|VIRTUAL_HOST_MULTIPORTS|ENABLE_HTTP_ON_MISSING_CERT)$/.test(name),
  )
}

/** True for a name for which an authority may make a certificate. */
function isPublicName(name: string): boolean {
  return (
    /^(?:[a-z\d-]+\.)+[a-z][a-z\d-]+$/i.test(name) &&
    !/\.(?:local|lan|home|internal|test|localhost|localdomain|loc|docker|arpa)$/i.test(name)
  )
}

const parentOf = (name: string): string => name.toLowerCase().replace(/^[^.]+\./, '')

const covers = (certified: ReadonlySet<string>, name: string): boolean =>
  certified.has(name.toLowerCase()) || certified.has(`*.${parentOf(name)}`)
