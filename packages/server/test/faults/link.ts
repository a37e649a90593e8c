import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A way to a port that can lose its connections without a word, as a network or a moved machine does. */
export class Link {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(port: number): Promise<Link> {
    const server = createServer();
    const link = new Link(server);
    server.on("connection", (near) => {
      const far = connect(port, "127.0.0.1");
      for (const socket of [near, far]) {
        link.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => link.#sockets.delete(socket));
      }
      near.pipe(far).pipe(near);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** All connections stay open, and nothing ever comes through them again. New ones work. */
  lose(): void {
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.removeAllListeners("end");
      // What is sent is taken and forgotten.
      socket.resume();
    }
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
