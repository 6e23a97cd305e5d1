import type { LiveCase } from '../live-case.ts'

const REQUEST = { url: 'http://example.org/' } as const

export const cases: readonly LiveCase[] = [
  {
    rule: 'containers/site-not-included',
    examples: { bad: 'the directory of Debian', good: 'the place of the image' },
    shows: 'nothing of the site is read, and its application is not reached',
    request: REQUEST,
    harm: ({ response }) => response.status !== 200,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'containers/own-loopback',
    examples: {
      bad: 'the port of the application, on the loopback of nginx',
      good: 'the name of the service',
    },
    shows: 'on the loopback of its container nginx finds nobody',
    request: REQUEST,
    harm: ({ response, log }) => response.status === 502 && log.includes('Connection refused'),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'containers/own-loopback',
    shows: 'with one network for both it finds the application there',
    examples: {
      bad: 'the port of the application, on the loopback of nginx',
      good: 'one network for both containers',
    },
    request: REQUEST,
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'containers/variable-not-filled',
    examples: { bad: 'a file that nginx reads as it is', good: 'the port itself' },
    shows: 'nginx does not start with a variable that it does not know',
    request: REQUEST,
    harm: ({ refused }) => /unknown "app_port" variable/.test(refused.nginx ?? ''),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'containers/unknown-service',
    examples: { bad: 'another name', good: 'a service' },
    shows: 'nginx does not start with a name that no service has',
    request: REQUEST,
    harm: ({ refused }) => /host not found in upstream "django/.test(refused.nginx ?? ''),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'containers/unknown-service',
    shows: 'nor with one of another network',
    examples: { bad: 'no network of both', good: 'an alias, and the name of a container' },
    request: REQUEST,
    harm: ({ refused }) => /host not found in upstream "web/.test(refused.nginx ?? ''),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'containers/loopback-published',
    examples: { bad: 'loopback', good: 'every address' },
    shows: 'a connection on the published port is reset',
    request: { url: 'http://example.org:8000/' },
    harm: ({ response }) => response.failure === 'ECONNRESET' || response.failure === 'ECONNREFUSED',
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'containers/static-volume-unfilled',
    shows: 'the volume is empty where nginx looks for the file',
    examples: { bad: 'a volume of nginx alone', good: 'files of the repository' },
    request: { url: 'http://example.org/static/site.css' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'containers/redirect-shows-inner-port',
    examples: { bad: 'a directory', good: 'relative redirects' },
    shows: 'the redirect to a directory leads to the port of the container',
    files: { 'html/docs/index.html': 'page\n' },
    smaller: { 'volumes:\n': 'volumes:\n      - ./html:/usr/share/nginx/html\n' },
    request: { url: 'http://example.org/docs' },
    harm: ({ response }) => response.headers.location === 'http://example.org:8080/docs/',
    sound: ({ response }) => response.headers.location === '/docs/',
  },
  {
    rule: 'containers/redirect-shows-inner-port',
    examples: {
      bad: 'Apache of the host in front, which passes the name on',
      good: 'Apache in front, which takes the public name with the port out of redirects',
    },
    shows: 'ProxyPassReverse of the address of the container does not take its port out of the public name',
    files: { 'html/docs/index.html': 'page\n' },
    smaller: {
      'volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]':
        'volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro", "./html:/usr/share/nginx/html"]',
    },
    request: { url: 'http://docs.example.org/docs' },
    harm: ({ response }) => response.headers.location === 'http://docs.example.org:8080/docs/',
    sound: ({ response }) => response.headers.location === 'http://docs.example.org/docs/',
  },
  {
    rule: 'containers/redirect-shows-inner-port',
    examples: {
      bad: 'the port of the scheme, published at another',
      good: 'relative redirects, published at another port',
    },
    shows: 'the redirect to a directory leads to port 80, by which the client did not come',
    request: { url: 'http://example.org:8080/guide' },
    harm: ({ response }) => response.headers.location === 'http://example.org/guide/',
    sound: ({ response }) => response.headers.location === '/guide/',
  },
]
