"""Runs cells in real Jupyter kernels and prints what came of them.

Reads `{"cwd": folder, "kernels": [[cell, …], …]}` from stdin: each list of cells runs in a kernel that was restarted.
Prints `[[{"status": …, "text": […]}, …], …]`: what each cell printed, returned or threw, and `"dead"` for a kernel that
ended or did not answer, which gets no more cells.
"""

import json
import queue
import sys

from jupyter_client.manager import KernelManager

TIMEOUT_S = 20
QUIET_S = 1


class Session:
    """The cells of one kernel. Deno may say that it is idle before all that a cell printed has come."""

    def __init__(self, client):
        self.client = client
        self.text = {}

    def hear(self, timeout_s):
        """Takes in one message; whether it says that the kernel is idle, and after which request."""
        message = self.client.get_iopub_msg(timeout=timeout_s)
        content = message["content"]
        request = message["parent_header"].get("msg_id")
        said = content.get("text") or content.get("data", {}).get("text/plain") or content.get("evalue")
        if said:
            self.text.setdefault(request, []).append(said)
        return request if content.get("execution_state") == "idle" else None

    def run(self, cell):
        """Runs a cell to its end; its request and status."""
        request = self.client.execute(cell, allow_stdin=False)
        try:
            while True:
                reply = self.client.get_shell_msg(timeout=TIMEOUT_S)
                if reply["parent_header"].get("msg_id") == request:
                    break
            while self.hear(TIMEOUT_S) != request:
                pass
            return request, reply["content"]["status"]
        except queue.Empty:
            return request, "dead"

    def listen(self):
        """Takes in what is still to come."""
        try:
            while True:
                self.hear(QUIET_S)
        except queue.Empty:
            pass


def run_cells(manager, cells):
    client = manager.client()
    client.start_channels()
    ran = []
    try:
        client.wait_for_ready(timeout=TIMEOUT_S)
        session = Session(client)
        for cell in cells:
            ran.append(session.run(cell))
            if ran[-1][1] == "dead":
                break
        session.listen()
    finally:
        client.stop_channels()
    return [{"status": status, "text": session.text.get(request, [])} for request, status in ran]


def main():
    request = json.load(sys.stdin)
    manager = KernelManager(kernel_name="deno")
    manager.start_kernel(cwd=request["cwd"], stdout=sys.stderr, stderr=sys.stderr)
    outcomes = []
    try:
        for index, cells in enumerate(request["kernels"]):
            if index > 0:
                manager.restart_kernel(now=True)
            outcomes.append(run_cells(manager, cells))
    finally:
        manager.shutdown_kernel(now=True)
    json.dump(outcomes, sys.stdout)


main()
