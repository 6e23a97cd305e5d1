import type { ServerHome } from '../image-files/image-tree.ts'

/** The files of nginx, of its own image and of distributions. */
export const NGINX_HOME: ServerHome = {
  directory: '/etc/nginx',
  mentions:
    /\/etc\/nginx|\.sh\b|\b(?:ba|da|a)?sh\s+-\w*c\b|\beval\b|\bansible|\bpuppet\b|\bnginx\.conf\b|\bdefault\.conf\b|\bconf\.d\b|\bhttp\.d\b|\bsites-(?:en|av)|\bdpkg-(?:divert|reconfigure)\b/,
  variables: {},
  take: () => null,
  install: () => undefined,
}
