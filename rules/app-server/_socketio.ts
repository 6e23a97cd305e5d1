/** A script of Node.js that loads the server of Socket.IO. */
export const REQUIRES_SOCKET_IO = /\brequire\(\s*(['"])socket\.io\1\s*\)|\bfrom\s*(['"])socket\.io\2/
