// First test of the room.
