import { defineRule } from '../../src/engine/rule.ts'
import { behindNginxProxy } from './_examples.ts'
import { virtualHosts } from './_virtual-hosts.ts'

const tree = (host: string): Record<string, string> => behindNginxProxy(`VIRTUAL_HOST: ${host}`)

export default defineRule({
  summary: 'nginx-proxy gets a URL as the name of a virtual host',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx-proxy writes what stands in `VIRTUAL_HOST` behind `server_name` and into `upstream` and `proxy_pass`, as it is. With a scheme nginx refuses the file that it writes (`invalid port in upstream`), so that no container that starts afterwards is served; with a port or a path no request has such a name, and clients get `503 Service Temporarily Unavailable`.',
  remedy: 'Write the name alone, the port of the container in `VIRTUAL_PORT`, a path in `VIRTUAL_PATH`',
  references: ['https://github.com/nginx-proxy/nginx-proxy/tree/main/docs#virtual-hosts'],
  unproven: 'The live tests start no containers, so that nothing writes the file of nginx',
  bad: [
    { title: 'a scheme', files: tree('«https://shop.example.org»') },
    { title: 'a path', files: tree('«shop.example.org/blog»') },
    { title: 'a port', files: tree('«shop.example.org:8080»') },
    { title: 'one of several', files: tree('example.org, «http://www.example.org/»') },
  ],
  good: [
    { title: 'a name', files: tree('shop.example.org') },
    { title: 'names', files: tree('example.org, www.example.org') },
    { title: 'a wildcard', files: tree('"*.example.org"') },
    { title: 'a regular expression', files: tree('"~^shop/?[a-z]+:[0-9]+"') },
    { title: 'a variable', files: tree('"${SHOP_URL}"') },
    { title: 'an address of IPv6', files: tree('"[2001:db8::1]"') },
    {
      title: 'another program, without nginx-proxy',
      files: {
        'compose.yaml': tree('https://shop.example.org')['compose.yaml']!.replace(
          'nginxproxy/nginx-proxy',
          'nginx',
        ),
      },
    },
  ],
  *check(deployment) {
    const { hosts, hasProxy } = virtualHosts(deployment)
    for (const { names } of hasProxy ? hosts : [])
      for (const { name, at } of names) {
        const [, scheme = '', host = '', port = '', path = ''] =
          /^([a-z][a-z+]*:\/\/)?([\w.*-]+)(:\d+)?(\/.*)?$/i.exec(name) ?? []
        if (host === '' || scheme + port + path === '') continue
        yield {
          at,
          message:
            scheme === ''
              ? `\`server_name ${name}\` is the name of no request, so nginx-proxy answers 503 for \`${host}\``
              : `nginx refuses what nginx-proxy writes for it: invalid port in upstream "${name}"`,
          label: 'no name of a host',
          help: `Write \`${host}\`${port === '' ? '' : `, and \`VIRTUAL_PORT\` for the port of the container`}`,
        }
      }
  },
})
